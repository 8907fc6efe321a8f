import type { Storage } from './storage.ts'

/** A folder of a storage as a storage of its own. */
export function subfolder(storage: Storage, folder: string): Storage {
  const inside = (name: string): string => `${folder}/${name}`
  return {
    locate: name => storage.locate(inside(name)),
    read: name => storage.read(inside(name)),
    readRange: (name, offset, length) => storage.readRange(inside(name), offset, length),
    size: name => storage.size(inside(name)),
    write: (name, chunks) => storage.write(inside(name), chunks),
    append: (name, data) => storage.append(inside(name), data),
    truncate: (name, length) => storage.truncate(inside(name), length),
    list: async within => {
      const names = await storage.list(within === undefined || within === '' ? folder : inside(within))
      return names.map(name => name.slice(folder.length + 1))
    },
    exists: name => storage.exists(inside(name)),
    remove: name => storage.remove(inside(name)),
  }
}
