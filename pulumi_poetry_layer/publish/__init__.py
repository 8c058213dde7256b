"""From the zip to AWS; imports Pulumi."""
