# The binary alone, in an image with nothing else: docker build -t tocsin .
# docs/operations.md says how to run it.

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w" -o /out/tocsin ./cmd/tocsin
RUN install -d -m 0700 /out/data

FROM scratch
# What endpoints with TLS are checked against.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/tocsin /usr/local/bin/tocsin
COPY --from=build --chown=65532:65532 /out/data /data
# SQLite sorts large tables in files, and there is no /tmp here.
ENV PATH=/usr/local/bin SQLITE_TMPDIR=/data
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/tocsin", "status", "-data", "/data"]
ENTRYPOINT ["/usr/local/bin/tocsin"]
CMD ["serve", "-addr", "0.0.0.0:8080", "-data", "/data"]
