// Preloaded: every HTTP server knows the sockets that are open, so that a benchmark can cut them all.
import { Server } from 'node:http';

const listen = Server.prototype.listen;
Server.prototype.listen = function (...args) {
  this.opened = new Set();
  this.on('connection', (socket) => {
    this.opened.add(socket);
    socket.once('close', () => this.opened.delete(socket));
  });
  return listen.apply(this, args);
};
