# The image of the agent: the bundle, the Node that runs it, and the programs that speak to the kernel.
#
#   npm run image                          with docker, or without it by buildah
#   docker build -t portcullis:0.1.0 .
#   docker buildx build --platform linux/amd64,linux/arm64 …
#
# No line names a platform, and none needs more than a plain builder: no BuildKit, no network but apt and npm.

# The same release of Node as the npm package `node` in package-lock.json.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG BASE_IMAGE=debian:12-slim
ARG GO_IMAGE=golang:1.26-bookworm

# The CNI plugin and its installer: one static program without a module of others.
FROM ${GO_IMAGE} AS cni-plugin
WORKDIR /src
COPY cni-plugin cni-plugin
RUN CGO_ENABLED=0 GOTOOLCHAIN=local GOCACHE=/tmp/go-cache \
        /usr/local/go/bin/go -C cni-plugin build -buildvcs=false -trimpath -ldflags='-s -w' -o /portcullis-cni . \
    && cp /usr/local/go/LICENSE /LICENSE-go

FROM ${NODE_IMAGE} AS build
WORKDIR /src
# Packages change seldom and sources often, so each has a layer of its own. Install scripts are not needed: esbuild finds
# its program by itself, and Node comes with this stage.
COPY .npmrc package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-update-notifier
COPY tsconfig.json ./
COPY scripts/build.ts scripts/
COPY scripts/build scripts/build
COPY src src
RUN node scripts/build.ts && find dist -name '*.map' -delete
# The licence texts of Node and of all that the bundle may hold, and the list of it.
RUN mkdir /notices /notices/node \
    && cp /usr/local/LICENSE /notices/node/ \
    && npm sbom --omit=dev --sbom-format=cyclonedx --sbom-type=application >/notices/npm-packages.cdx.json \
    && npm prune --omit=dev --ignore-scripts --no-update-notifier \
    && cd node_modules \
    && find . -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) -exec cp --parents {} /notices \;
COPY LICENSE /notices/
FROM ${BASE_IMAGE}
# iptables brings both backends, for IPv4 and IPv6, nftables the program that writes the table of the bridge family; ulogd2 with
# its JSON output turns logged packets into records. Perl, which deletes entries of conntrack and lists interfaces, is in every
# Debian (perl-base is essential).
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        conntrack \
        iproute2 \
        ipset \
        iptables \
        nftables \
        ulogd2 \
        ulogd2-json \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/* /var/log/*
# As in a checkout, so that bin/portcullis finds everything. The Node that made the agent's start-up snapshot is the only one
# that takes it.
COPY --from=build /usr/local/bin/node /opt/portcullis/node_modules/node/bin/node
COPY --from=build /notices /usr/share/doc/portcullis
COPY --from=cni-plugin /LICENSE-go /usr/share/doc/portcullis/go/LICENSE
COPY --from=cni-plugin /portcullis-cni /opt/portcullis/bin/
COPY package.json /opt/portcullis/
COPY bin/portcullis bin/portcullis-probe /opt/portcullis/bin/
COPY --from=build /src/dist /opt/portcullis/dist
# Fills the cache of compiled code, which a root file system that is read-only could not later.
RUN ln -s /opt/portcullis/bin/portcullis /opt/portcullis/bin/portcullis-probe /usr/local/bin/ \
    && ln -s /opt/portcullis/bin/portcullis-cni /usr/local/bin/ \
    && portcullis agent --help >/dev/null \
    && portcullis cleanup --help >/dev/null

# Last, because they change with every commit and nothing below depends on them.
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="portcullis" \
      org.opencontainers.image.description="Enforces Kubernetes NetworkPolicy on nodes whose network plugin does not" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/debian:12-slim" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

ENTRYPOINT ["portcullis"]
CMD ["agent"]
