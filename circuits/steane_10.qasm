// steane_10: Logical zero of Steane's 7-qubit code, alone (7 qubits) or with its bit-flip checks (10).
// For: error correction: a code word and its syndrome.
// Family text: steane:10 (written by circuits/generate.py)

OPENQASM 3.0;
include "stdgates.inc";
bit[7] data;
bit[3] syndrome;
qubit[7] q;
qubit[3] ancilla;
h q[4];
cx q[4], q[0];
cx q[4], q[1];
cx q[4], q[3];
h q[5];
cx q[5], q[0];
cx q[5], q[2];
cx q[5], q[3];
h q[6];
cx q[6], q[1];
cx q[6], q[2];
cx q[6], q[3];
cx q[0], ancilla[0];
cx q[1], ancilla[0];
cx q[3], ancilla[0];
cx q[4], ancilla[0];
cx q[0], ancilla[1];
cx q[2], ancilla[1];
cx q[3], ancilla[1];
cx q[5], ancilla[1];
cx q[1], ancilla[2];
cx q[2], ancilla[2];
cx q[3], ancilla[2];
cx q[6], ancilla[2];
syndrome[0] = measure ancilla[0];
syndrome[1] = measure ancilla[1];
syndrome[2] = measure ancilla[2];
data[0] = measure q[0];
data[1] = measure q[1];
data[2] = measure q[2];
data[3] = measure q[3];
data[4] = measure q[4];
data[5] = measure q[5];
data[6] = measure q[6];
