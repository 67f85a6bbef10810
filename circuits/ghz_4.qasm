// ghz_4: The Greenberger-Horne-Zeilinger state (|0...0> + |1...1>) / sqrt(2).
// For: the smallest example: two strings.
// Family text: ghz:4 (written by circuits/generate.py)

OPENQASM 3.0;
include "stdgates.inc";
bit[4] c;
qubit[4] q;
h q[0];
cx q[0], q[1];
cx q[1], q[2];
cx q[2], q[3];
c[0] = measure q[0];
c[1] = measure q[1];
c[2] = measure q[2];
c[3] = measure q[3];
