# .ci/run runs each RUN command, the health check and the start command outside a container.
# Pin the base image by its digest with --build-arg NODE=node:24.21.0-slim@sha256:…: src/deploy/README.md.
ARG NODE=node:24.21.0-slim

FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY src src
# Leaves out the simulator and source maps.
RUN npm run build:image

FROM ${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# package.json lists every peer dependency that the service needs. The others are a compiler and types.
RUN npm ci --omit=dev --legacy-peer-deps

FROM ${NODE}
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
# root owns the files and the service writes none, so that the root file system can be read-only.
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
# Kubernetes verifies `runAsNonRoot` only for a numeric user.
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/healthz`).then((response) => process.exit(response.ok ? 0 : 1), () => process.exit(1))"]
# Starts Node directly, so that it receives the signals, with the options of `npm start`.
CMD ["node", "--enable-source-maps", "--max-semi-space-size=32", "dist/main.js"]
