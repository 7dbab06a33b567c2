import { Agent } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { graph, listen } from './listen.js';

const app = express();
app.use(
  createProxyMiddleware({
    target: graph.origin,
    changeOrigin: true,
    agent: new Agent({ keepAlive: true }),
    headers: { authorization: graph.authorization },
  }),
);
listen(app);
