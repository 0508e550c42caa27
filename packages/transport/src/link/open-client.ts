import { createSecureContext } from 'node:tls';
import { Client, credentials } from '@grpc/grpc-js';
import { dialTarget } from './endpoint.js';
import type { TransportSettings } from './settings.js';

/** The client of one session; it begins to connect when somebody waits for it. Source: bobrapet-streaming section 2.3. */
export function openClient(
  endpoint: string,
  settings: TransportSettings,
  ca: string | undefined,
): Client {
  const { address, secure } = dialTarget(endpoint);
  const channel = secure
    ? credentials.createFromSecureContext(
        createSecureContext({ minVersion: 'TLSv1.3', ...(ca === undefined ? {} : { ca }) }),
      )
    : credentials.createInsecure();
  return new Client(address, channel, {
    'grpc.max_receive_message_length': settings.maxReceiveBytes,
    'grpc.max_send_message_length': settings.maxSendBytes,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
    // Dialling is bounded by its own time limit, within which it tries at short intervals.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1_000,
  });
}
