"""vroegsignaal: the library that the flows, the command line and the tests call alike."""
