"""Attacks on the package: what must hold whatever happens to a process, a disk, an index or an input.

Run it with ``make torture``. Every input is made from a seed, so a finding can be repeated.

* ``__main__``: runs the attacks, and prints a table of what was tried and what survived.
* ``ledger``: what was tried, and the findings.
* ``trials``: runs many small trials in a process of their own, with limits of time and memory.
* ``mutation``: changes bytes, texts and documents at random.
* ``layers``: what every layer zip has to be.
* ``kills``: builds that are ended by signals at random moments.
* ``crowd``: many processes on one cache.
* ``hostile_index``: an index that sends anything.
* ``hostile_wheels``, ``hostile_locks``: inputs that someone could make on purpose.
* ``readers``: random changes to everything that the package reads.
"""
