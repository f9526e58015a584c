import { type FSWatcher, watch } from 'node:fs';

/** Tells that something may have happened in some folders. Misses are possible; whoever listens looks by itself too. */
export interface FolderWatch {
  /** Watches exactly these from now on. */
  follow(folders: readonly string[]): void;
  close(): void;
}

export const watchFolders = (onEvent: () => void): FolderWatch => {
  const watchers = new Map<string, FSWatcher>();

  const drop = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };

  const add = (folder: string): void => {
    try {
      const watcher = watch(folder, onEvent);
      watcher.on('error', () => {
        drop(folder);
        onEvent();
      });
      watchers.set(folder, watcher);
    } catch {
      // Gone already, or no inotify watch left: the periodic look finds its changes, later.
    }
  };

  return {
    follow(folders) {
      for (const folder of watchers.keys()) if (!folders.includes(folder)) drop(folder);
      for (const folder of folders) if (!watchers.has(folder)) add(folder);
    },
    close() {
      for (const folder of [...watchers.keys()]) drop(folder);
    },
  };
};
