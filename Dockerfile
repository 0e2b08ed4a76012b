# One static binary and the certificates of public CAs, under a user that owns nothing. Run it with a
# read-only file system; what it writes is /data, and only without Postgres.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# --build-arg VERSION=v1.2.3 is what `gatehouse version`, the log and the figures call it.
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X gatehouse/app/server.release=$VERSION" -o /out/gatehouse ./app && mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/gatehouse /gatehouse
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV APP_ENV=production DATABASE_URL=sqlite:///data/gatehouse.db
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=4s --start-period=10s CMD ["/gatehouse", "healthcheck"]
ENTRYPOINT ["/gatehouse"]
