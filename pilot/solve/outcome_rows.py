"""How the outcomes of table 2.7 fall into the rows of table 2.9."""

ROWS = {
    "klant wil niet geholpen worden": "wil niet geholpen worden",
    "klant wil het zelf oplossen": "wil het zelf oplossen",
    "informatie en advies gegeven": "informatie en advies gegeven",
    "verwezen vrijwillig": "verwezen",
    "verwezen combi": "verwezen",
    "verwezen professioneel": "verwezen",
}
REST = "geen contact /overig"
"""Outcome in table 2.7 -> row of table 2.9; whatever is not named is `REST`."""
