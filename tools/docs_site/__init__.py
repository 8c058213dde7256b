"""Extensions of Sphinx for the documentation site, so that its sources stay plain Markdown.

``docs/conf.py`` loads them. Modules:

- ``contents``: the tables of contents, from the lists of links in docs/index.md.
- ``docstrings``: what is changed in docstrings for the reference.
- ``message_texts``: the texts of all error messages, which a test compares with docs/error-messages.md.
- ``repository_links``: links to files outside of docs/, which are pages of the repository's host on the site.
"""
