// adder_10: Cuccaro's ripple-carry adder: two k-bit numbers, n = 2k + 2 qubits.
// For: arithmetic: 1 + 15, the carry ripples.
// Family text: adder:10 (written by circuits/generate.py)

OPENQASM 3.0;
include "stdgates.inc";
bit[5] ans;
qubit[1] cin;
qubit[4] a;
qubit[4] b;
qubit[1] cout;
x a[0];
x b[0];
x b[1];
x b[2];
x b[3];
cx a[0], b[0];
cx a[0], cin[0];
ccx cin[0], b[0], a[0];
cx a[1], b[1];
cx a[1], a[0];
ccx a[0], b[1], a[1];
cx a[2], b[2];
cx a[2], a[1];
ccx a[1], b[2], a[2];
cx a[3], b[3];
cx a[3], a[2];
ccx a[2], b[3], a[3];
cx a[3], cout[0];
ccx a[2], b[3], a[3];
cx a[3], a[2];
cx a[2], b[3];
ccx a[1], b[2], a[2];
cx a[2], a[1];
cx a[1], b[2];
ccx a[0], b[1], a[1];
cx a[1], a[0];
cx a[0], b[1];
ccx cin[0], b[0], a[0];
cx a[0], cin[0];
cx cin[0], b[0];
ans[0] = measure b[0];
ans[1] = measure b[1];
ans[2] = measure b[2];
ans[3] = measure b[3];
ans[4] = measure cout[0];
