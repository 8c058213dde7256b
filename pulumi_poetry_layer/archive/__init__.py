"""The layer zip: members, segments and the writer."""
