"""Names to draw from: common Dutch and other surnames, voorvoegsels and first names. The people are made up."""

# ruff: noqa: RUF001 (a Turkish i without a dot is one)

SURNAMES = (
    *(("", name) for name in (
        "Bakker", "Jansen", "Visser", "Smit", "Mulder", "Bos", "Vos", "Peters", "Hendriks", "Dekker", "Brouwer",
        "Dijkstra", "Smits", "Kok", "Jacobs", "Vermeulen", "Schouten", "Willems", "Hoekstra", "Koster", "Prins",
        "Huisman", "Postma", "Kuipers", "Veenstra", "Kramer", "Sanders", "Hofman", "Maas", "Verhoeven", "Scholten",
        "Kühn", "Müller", "Böhm", "Strauß", "Weiß", "Groß", "Noël", "Daniëls", "Michiels", "Coëlho", "Gonçalves",
        "Fernández", "Núñez", "Yılmaz", "Kaya", "Demir", "Şahin", "Çelik", "Öztürk", "Aydın", "El Idrissi", "Amrani",
        "Bouzid", "Haddad", "Mohamed", "Ali", "Hassan", "Singh", "Ramdin", "Baldew", "Jainandan", "Martina",
        "Rosalia", "Pinas", "Wijdenbosch", "Kowalski", "Nowak", "Wiśniewski", "Nguyen", "Chen", "Wong", "Tahirović",
        "Petrović", "Novák", "Dvořák", "Popescu", "Ionescu", "Ivanov", "Tesfay", "Okafor", "Mensah", "Boateng",
        "Groen-Verhage", "Leeflang", "Zuidgeest", "Oosterlaken", "Hogenboom", "Tettero", "Kruithof", "Paalvast",
    )),
    *((prefix, name) for prefix, name in (
        ("de", "Jong"), ("de", "Vries"), ("de", "Boer"), ("de", "Groot"), ("de", "Graaf"), ("de", "Haan"),
        ("van", "Dijk"), ("van", "Leeuwen"), ("van", "Vliet"), ("van", "Veen"), ("van", "Loon"), ("van", "Beek"),
        ("van den", "Berg"), ("van den", "Heuvel"), ("van den", "Bosch"), ("van der", "Meer"), ("van der", "Linden"),
        ("van der", "Wal"), ("van der", "Heijden"), ("van 't", "Hoff"), ("in 't", "Veld"), ("ter", "Haar"),
        ("ten", "Brink"), ("op den", "Kelder"), ("den", "Hollander"), ("la", "Rose"), ("du", "Pré"), ("d'", "Abreu"),
        ("el", "Khattabi"), ("von", "Grünwald"), ("dos", "Santos"), ("da", "Conceição"),
    )),
)  # fmt: skip
"""(voorvoegsel, surname) pairs."""

INITIALS = "AABBCDEEFGHHIJJJKLLMMMNOPRRSSTVWYZ"
"""The letters of first names, the common ones more often."""

STREET_STEMS = (
    "Abelen", "Akelei", "Barnsteen", "Berken", "Bever", "Boekweit", "Brem", "Ceder", "Citroen", "Dotterbloem",
    "Edelhert", "Elzen", "Fluitekruid", "Ganzerik", "Gerst", "Haver", "Hazelaar", "Iepen", "Jasmijn", "Kamille",
    "Karwij", "Kastanje", "Klaver", "Kornoelje", "Kwikstaart", "Lavendel", "Leeuwerik", "Linden", "Lisdodde", "Marter",
    "Meidoorn", "Merel", "Mispel", "Narcis", "Nieskruid", "Olmen", "Otter", "Populier", "Puttertjes", "Rietgors",
    "Robijn", "Rogge", "Saffier", "Salie", "Sering", "Spelt", "Spreeuw", "Tarwe", "Tijm", "Toermalijn", "Vlasbek",
    "Vlier", "Wikke", "Wilgen", "Zilverspar", "Zwaluw",
)  # fmt: skip
STREET_KINDS = ("straat", "laan", "hof", "weg", "pad", "singel", "gaarde", "veld", "rode", "zoom")
"""Street names are a stem and a kind; that one of them exists somewhere is chance."""
