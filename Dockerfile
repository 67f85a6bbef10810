# A service of surrogates, without Qiskit. Mount models and name them; the token is a secret:
#   docker build -t qdiff .
#   docker run --read-only --tmpfs /tmp -p 127.0.0.1:8000:8000 -e QDIFF_TOKEN \
#       -v "$PWD/models:/models:ro" qdiff /models/ising.safetensors
FROM python:3.11-slim

# what serving takes: qdiff's own list has Qiskit too, so it is installed without its dependencies
ARG PACKAGES="torch numpy scipy psutil safetensors filelock typer rich matplotlib fastapi uvicorn prometheus-client"
# such as an index with builds of torch for processors alone, which are a tenth of the size
ARG PIP_OPTIONS=""

ENV PYTHONUNBUFFERED=1 MPLCONFIGDIR=/tmp/matplotlib
WORKDIR /build
COPY pyproject.toml README.md LICENSE constraints.txt ./
RUN pip install --no-cache-dir $PIP_OPTIONS -c constraints.txt $PACKAGES
COPY qdiff ./qdiff
RUN pip install --no-cache-dir --no-deps . \
    && useradd --system --no-create-home --uid 10001 qdiff
USER qdiff
WORKDIR /models
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=5m \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["qdiff", "serve", "--host", "0.0.0.0", "--port", "8000"]
CMD ["/models/model.safetensors"]
