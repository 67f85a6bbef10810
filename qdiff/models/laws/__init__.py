"""What a law is: sampled, evaluated and tabulated exactly; tables, histograms, mixtures."""
