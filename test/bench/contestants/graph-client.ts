import { createGraphClient } from './graph-sdk.js';
import { graph, listen } from './listen.js';
import { createTrpcApp } from './trpc-app.js';

const client = createGraphClient(graph.baseUrl, graph.token);

listen(createTrpcApp((path, fields): Promise<unknown> => client.api(path).patch(fields)));
