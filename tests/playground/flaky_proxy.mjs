// A TCP proxy on the loopback that can be away, as a server is that restarts.
import net from "node:net";

export class FlakyProxy {
  #sockets = new Set();
  #server = null;
  #port = 0;

  constructor(host, port) {
    this.target = { host, port };
  }

  get port() {
    return this.#port;
  }

  /** Accepts connections, always at the same port. */
  async come() {
    this.#server = net.createServer((client) => {
      const upstream = net.connect(this.target);
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        // An end of either side ends both.
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.#sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      }
      client.pipe(upstream).pipe(client);
    });
    await new Promise((resolve, reject) => {
      this.#server.once("error", reject).listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = this.#server.address().port;
  }

  /** Closes all connections, and refuses new ones. */
  async leave() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await closed;
  }
}
