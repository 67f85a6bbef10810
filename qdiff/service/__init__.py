"""Surrogates over HTTP: what is asked and answered, who may ask, how much at a time, a web page.

`application` puts it together and `listening` runs it; `qdiff serve` is the door. It needs the
extra ``serve`` and no Qiskit.
"""
