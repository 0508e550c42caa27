"""The Python side: `peer.py serve` hosts agents, `peer.py client URL` uses ours. Both speak JSON lines on standard output."""

import asyncio
import json
import sys

from arcp import ClientInfo, RuntimeInfo, WebSocketTransport, serve_websocket
from arcp.client import ARCPClient
from arcp.runtime import ARCPRuntime, StaticBearerVerifier


def tell(**members):
    print(json.dumps(members), flush=True)


async def echo(value, ctx):
    await ctx.log("info", "echo started")
    return {"echoed": value}


async def slow(value, ctx):
    for step in range(1, 200):
        await ctx.progress(step, total=200)
        await asyncio.sleep(0.05)
    return "done"


async def serve():
    runtime = ARCPRuntime(
        runtime=RuntimeInfo(name="python", version="1"),
        bearer=StaticBearerVerifier({"tok": "alice"}),
    )
    runtime.register_agent("echo", echo)
    runtime.register_agent("slow", slow)
    server = await serve_websocket(runtime.accept, host="127.0.0.1", port=0, path="/arcp")
    tell(port=server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


async def outcome(handle):
    try:
        return {"result": (await handle.done).result}
    except Exception as error:  # every class of error counts
        return {"error": getattr(error, "code", type(error).__name__)}


async def client(url):
    peer = ARCPClient(client=ClientInfo(name="python", version="1"), token="tok", auto_ack=True)
    welcome = await peer.connect(await WebSocketTransport.connect(url))
    tell(step="welcome", runtime=welcome.runtime.name)
    first = await peer.submit(agent="echo", input={"msg": "hi"})
    tell(step="echo", **await outcome(first))
    both = await asyncio.gather(*(peer.submit(agent="echo", input=n) for n in range(8)))
    tell(step="concurrent", results=[(await outcome(handle))["result"]["echoed"] for handle in both])
    chunked = await peer.submit(agent="chunks")
    tell(step="chunks", text=(await chunked.collect_chunks()).decode())
    # Nothing is cancelled here: this client reads only job.error frames whose final_status is "error" and hangs after any other.
    try:
        await peer.submit(agent="nobody")
        tell(step="refused", code=None)
    except Exception as error:
        tell(step="refused", code=getattr(error, "code", type(error).__name__))
    listed = await peer.list_jobs()
    tell(step="list", agents=sorted({job.agent for job in listed.jobs}))
    await peer.close()
    tell(step="closed")


asyncio.run(serve() if sys.argv[1] == "serve" else client(sys.argv[2]))
