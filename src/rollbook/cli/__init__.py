"""The command ``rollbook``: one room for each group of commands.

What a command does is done by the floors below; here it is asked for and told. Answers go to standard output,
everything else to standard error. Exit codes: 0 done, 1 refused or failed, 2 wrong usage (a wrong setting is that too).
"""
