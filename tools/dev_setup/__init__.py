"""The parts of ``tools/setup.py``; standard library only."""
