"""The sections of docs/benchmarks.md, one for each file of results."""

from __future__ import annotations

from sections.alarm import alarm
from sections.beyond_tables import beyond_tables
from sections.circuits import circuit_laws, circuit_plain, circuit_verdicts
from sections.comparisons import coverage, wide_comparison
from sections.family import family
from sections.gpu import gpu
from sections.learned_noise import learned_noise
from sections.main_job import main_job
from sections.markdown import Section
from sections.mitigation import mitigation, mitigation_wide
from sections.pattern_grouping import pattern_grouping
from sections.quality import niu, quality
from sections.real_data import held_out, known_law
from sections.service import service
from sections.speed import executors, files, sampling_speed, simulation_time, steps
from sections.start import start
from sections.two_sample import two_sample

SECTIONS: dict[str, Section] = {
    "quality_q12": quality("q12"),
    "quality_q16": quality("q16"),
    "quality_q20": quality("q20"),
    "beyond_tables": beyond_tables,
    "start": start,
    "circuit_prior_laws": circuit_laws("The circuit known, its noise not", "laws"),
    "circuit_prior_wide": circuit_laws("The same at 16 and 20 qubits", "wide"),
    "circuit_prior_plain": circuit_plain,
    "circuit_prior_verdicts": circuit_verdicts,
    **{
        f"learned_noise_{part}": learned_noise(part)
        for part in ("circuits", "wide", "depth", "outside", "shots")
    },
    "family": family,
    "mitigation": mitigation,
    "mitigation_wide": mitigation_wide,
    "simulation_time": simulation_time,
    "pattern_grouping": pattern_grouping,
    "niu": niu,
    "gpu": gpu,
    "steps": steps,
    "sampling_speed": sampling_speed,
    "files": files,
    "service": service,
    "executors": executors,
    "coverage": coverage,
    "wide_comparison": wide_comparison,
    "real_ising": known_law,
    "real_steane": held_out("A quantum error-correcting code on a device", "steane"),
    "real_aquila": held_out("A chain of atoms on a device", "aquila"),
    "real_aquila_times": held_out("The same, each evolution time by itself", "aquila_times"),
    "two_sample": two_sample,
    "alarm": alarm,
    "main_job": main_job,
}
