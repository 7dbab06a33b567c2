import { graph, listen } from './listen.js';
import { createTrpcApp } from './trpc-app.js';

listen(
  createTrpcApp(async (path, fields) => {
    const response = await fetch(`${graph.baseUrl}/${path}`, {
      method: 'PATCH',
      headers: { authorization: graph.authorization, 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    });
    if (!response.ok) throw new Error(`Graph responded with ${response.status}`);
    return response.json();
  }),
);
