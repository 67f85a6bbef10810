// w_8: The W state: the even superposition of the n strings with a single 1.
// For: one excitation: eight strings of equal weight.
// Family text: w:8 (written by circuits/generate.py)

OPENQASM 3.0;
include "stdgates.inc";
bit[8] c;
qubit[8] q;
x q[0];
cry(2.4188584057763776) q[0], q[1];
cx q[1], q[0];
cry(2.366399280279432) q[1], q[2];
cx q[2], q[1];
cry(2.300523983021863) q[2], q[3];
cx q[3], q[2];
cry(2.214297435588181) q[3], q[4];
cx q[4], q[3];
cry(2*pi/3) q[4], q[5];
cx q[5], q[4];
cry(1.9106332362490186) q[5], q[6];
cx q[6], q[5];
cry(pi/2) q[6], q[7];
cx q[7], q[6];
c[0] = measure q[0];
c[1] = measure q[1];
c[2] = measure q[2];
c[3] = measure q[3];
c[4] = measure q[4];
c[5] = measure q[5];
c[6] = measure q[6];
c[7] = measure q[7];
