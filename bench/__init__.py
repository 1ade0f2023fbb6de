"""What a request costs: rollbook, the ceilings above it and a peer, measured in one run on one machine.

Entry: ``run``. See ``bench/README.md``.
"""
