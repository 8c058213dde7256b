"""The layer zip: the same files give the same bytes on every machine.

* ``members``: the parts of an archive. A member is one file, a segment is all files of one distribution.
* ``segments``: writes segments to files and reads them, for the cache of wheels.
* ``layout``: sorts the parts.
* ``duplicates``: files that several distributions contain.
* ``record``: the RECORD file of a distribution.
* ``writer``: writes the archive.
* ``zip_format``: the records of the zip format (pure).
* ``checksums``: CRC-32 and decompression, by ISA-L or zlib.

This room may import ``host``, ``poetry``, ``errors``, ``masking`` and ``names``.
"""
