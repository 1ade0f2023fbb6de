"""From a row of text to the resource that is wanted: a small language of expressions, and the table ``[map]``.

``syntax`` reads an expression into a tree, ``functions`` says what there is to call, ``compiling`` makes closures of
trees, ``slots`` says where in a resource a value goes and in which shape, ``mapper`` puts a whole table together,
``checking`` holds it against the schemas of a target. Nothing here does IO; the date of the run is a parameter.
"""
