# A static jwtgate in an empty image: no shell, no package manager, nothing to patch but the binary itself.
#   docker build --tag jwtgate:0.1.0 .
# For another architecture, build on a machine (or an emulated builder) of it: the target is the builder's own.

FROM rust:1.95.0-bookworm AS builder
WORKDIR /src
COPY . .
# With `--target`, the flags reach the program but not the build scripts and procedural macros, which cannot be static.
# The target directory is a cache that does not outlive the step, so the binary is moved out of it.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    target="$(rustc --print host-tuple)" \
    && RUSTFLAGS="-C target-feature=+crt-static" \
       cargo build --release --locked --bin jwtgate --target "$target" \
    && install -D -m 0755 "target/$target/release/jwtgate" /rootfs/jwtgate \
    && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/ca-certificates.crt \
    && install -d -m 0755 /rootfs/etc/jwtgate \
    && install -d -m 1777 /rootfs/tmp

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="jwtgate" \
      org.opencontainers.image.description="A reverse proxy that lets only verified JSON Web Tokens through to an API" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The binary, the certificate authorities for upstreams and issuers, an empty /etc/jwtgate to mount over, and /tmp.
COPY --from=builder /rootfs/ /
# By number: there is no /etc/passwd, and Kubernetes' runAsNonRoot only trusts numbers.
USER 65532:65532
EXPOSE 8443 9901
ENTRYPOINT ["/jwtgate"]
CMD ["run", "--config", "/etc/jwtgate/jwtgate.yaml"]
