"""Where the people are: files, directories, databases, other services; each gives rows of text.

``rows`` says what a source is; ``opening`` makes one of its settings. All values are texts, or lists of texts: a badge
keeps its zeros, and what a number or a day means is for the map to say.
"""
