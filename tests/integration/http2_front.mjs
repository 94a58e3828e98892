// SPDX-License-Identifier: ISC
// HTTP/2 with TLS in front of a server on loopback that speaks HTTP/1.1.
//
//     node http2_front.mjs CERTIFICATE KEY PORT
//
// Prints its port; when its input ends it prints what it counted and stops.
import fs from "node:fs";
import http from "node:http";
import http2 from "node:http2";

const [certificate, key, port] = process.argv.slice(2);
const counts = { sessions: 0, streams: 0, versions: new Set() };
const agent = new http.Agent({ keepAlive: true });

const front = http2.createSecureServer(
    { cert: fs.readFileSync(certificate), key: fs.readFileSync(key), allowHTTP1: true },
    (request, response) => {
        counts.streams++;
        counts.versions.add(request.httpVersion);
        const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => name[0] !== ":"));
        const behind = http.request({ host: "127.0.0.1", port, agent, method: request.method, path: request.url, headers },
            (answer) => {
                const { connection: _, "keep-alive": __, "transfer-encoding": ___, ...kept } = answer.headers;
                response.writeHead(answer.statusCode, kept);
                answer.pipe(response);
            });
        behind.on("error", () => response.stream?.close());
        request.pipe(behind);
    });
front.on("session", () => counts.sessions++);
front.listen(0, "127.0.0.1", () => console.log(front.address().port));

process.stdin.resume();
process.stdin.on("end", () => {
    console.log(JSON.stringify({ ...counts, versions: [...counts.versions] }));
    process.exit(0);
});
