# The command authkit in an image without a shell: a static binary, the certificates of public
# authorities, and a user who is not root. The root file system may be read-only; /data is the only
# place that is written.
#
#	docker build -t authkit .
#	docker run --read-only -p 127.0.0.1:8080:8080 -v authkit:/data authkit

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags='-s -w' -o /out/authkit ./cmd/authkit \
	&& mkdir /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/authkit /authkit
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
# The store and the secret are files in /data unless AUTHKIT_STORE and AUTHKIT_SECRET_FILE name others.
ENV AUTHKIT_ADDR=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s CMD ["/authkit", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/authkit"]
CMD ["serve"]
