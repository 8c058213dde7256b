"""The parts of ``tools/setup.py``. They only use the standard library."""
