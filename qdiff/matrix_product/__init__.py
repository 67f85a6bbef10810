"""A matrix-product law of bits: a hidden Markov chain along them, fitted to shots."""

from qdiff.matrix_product.fitting import MatrixProductConfig as MatrixProductConfig
from qdiff.matrix_product.fitting import fit_each_order as fit_each_order
from qdiff.matrix_product.fitting import fit_matrix_product as fit_matrix_product
from qdiff.matrix_product.law import MatrixProductLaw as MatrixProductLaw

__all__ = ["MatrixProductConfig", "MatrixProductLaw", "fit_each_order", "fit_matrix_product"]
