"""Other people's files and objects, to and from `Shots`.

One file a format. Every reader checks sizes before it takes memory, runs nothing that a file says,
and refuses with one line; none of them needs Qiskit.
"""
