# Every RUN is an npm command that .ci/run runs outside of a container too; and it runs the health check and the start.
ARG NODE=node:24.21.0-slim

FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY src src
RUN npm run build

FROM ${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Peer dependencies that the service needs are its own too; the others are a compiler and types.
RUN npm ci --omit=dev --legacy-peer-deps

FROM ${NODE}
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
# What runs belongs to root, and nothing is ever written: the root file system can be read-only.
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
# A number, so that Kubernetes can see that it isn't root.
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself, without npm between, so that it gets the signals; with the flags of `npm start`.
CMD ["node", "--enable-source-maps", "--max-semi-space-size=32", "dist/main.js"]
