"""Versions that cannot lie: of code, by what it uses; of values, by their content. No Dagster."""
