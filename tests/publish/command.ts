import { spawn } from 'node:child_process';

/** What a program printed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a program. */
export interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Default 180 000. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end and gives what it printed; throws with both outputs when it fails. */
export function command(
  program: string,
  args: readonly string[],
  { cwd, env, timeoutMs = 180_000 }: CommandOptions,
): Promise<Printed> {
  return new Promise((resolve, reject) => {
    const shell = process.platform === 'win32';
    const child = spawn(program, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      if (status === 0) resolve({ stdout, stderr });
      else {
        const line = `${program} ${args.join(' ')}`;
        reject(new Error(`${line}\nended with ${status ?? signal}\n${stdout}\n${stderr}`));
      }
    });
  });
}
