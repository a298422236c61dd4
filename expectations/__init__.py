"""The contracts of the feeds (YAML) and the Great Expectations classes for rules that look across rows."""
