"""An implementation of the delivery contract from its words alone, to compare the platform's tables with."""
