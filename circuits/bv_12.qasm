// bv_12: Bernstein-Vazirani: one query finds a seeded secret of n - 1 bits, its top bit set.
// For: one right answer: all the rest is noise.
// Family text: bv:12,seed=1 (written by circuits/generate.py)

OPENQASM 3.0;
include "stdgates.inc";
bit[11] c;
qubit[12] q;
x q[11];
h q[0];
h q[1];
h q[2];
h q[3];
h q[4];
h q[5];
h q[6];
h q[7];
h q[8];
h q[9];
h q[10];
h q[11];
cx q[0], q[11];
cx q[1], q[11];
cx q[3], q[11];
cx q[6], q[11];
cx q[8], q[11];
cx q[10], q[11];
h q[0];
h q[1];
h q[2];
h q[3];
h q[4];
h q[5];
h q[6];
h q[7];
h q[8];
h q[9];
h q[10];
c[0] = measure q[0];
c[1] = measure q[1];
c[2] = measure q[2];
c[3] = measure q[3];
c[4] = measure q[4];
c[5] = measure q[5];
c[6] = measure q[6];
c[7] = measure q[7];
c[8] = measure q[8];
c[9] = measure q[9];
c[10] = measure q[10];
