import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { nodeProcessTable } from './writer-identity.js';

const self = nodeProcessTable.self();

describe('the processes of the machine', () => {
  it('know that this one lives', () => {
    expect(nodeProcessTable.stateOf(self)).toBe('alive');
  });

  it('know one that ended, one whose number went to another, and one before a restart', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'close');
    expect(nodeProcessTable.stateOf({ ...self, pid: child.pid ?? 0 })).toBe('gone');
    expect(nodeProcessTable.stateOf({ ...self, bootId: 'another' })).toBe('gone');
    if (self.startTicks !== '') {
      expect(nodeProcessTable.stateOf({ ...self, startTicks: '1' })).toBe('gone');
    }
  });

  it('say nothing about other machines and containers', () => {
    expect(nodeProcessTable.stateOf({ ...self, host: 'elsewhere' })).toBe('unknown');
    expect(nodeProcessTable.stateOf({ ...self, pidNamespace: 'pid:[1]' })).toBe('unknown');
  });

  it.runIf(process.platform === 'linux')('take a zombie for dead', async () => {
    // The shell replaces itself by a program that never collects its child.
    const parent = spawn('sh', ['-c', 'sh -c "echo \\$\\$; exit" & exec sleep 20']);
    try {
      const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(chunk.toString());
      for (let turn = 0; turn < 2_000; turn += 1) {
        if (nodeProcessTable.stateOf({ ...self, startTicks: '', pid }) === 'gone') break;
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(nodeProcessTable.stateOf({ ...self, startTicks: '', pid })).toBe('gone');
    } finally {
      parent.kill('SIGKILL');
    }
  });
});
