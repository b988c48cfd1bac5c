/** What names of images and pins of PyTorch say, and what is left alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cudaNamed, isMusl, olderCuda, withGlibc } from '../flows/requests/images.ts';
import { imageLacksCode, imageWithCode, lacksCode, withCode } from '../flows/requests/torch.ts';
import { type Asker, localImages } from '../src/files/local.ts';
import { mend } from './file-mends.ts';

test('the same image with glibc, and none where its owner has to look for one', () => {
  for (const [from, to] of [
    ['python:3.12-alpine', 'python:3.12-slim'],
    ['python:3.12-alpine3.20', 'python:3.12-slim'],
    ['docker.io/library/node:22-alpine', 'docker.io/library/node:22-slim'],
    ['python:alpine', 'python:slim'],
    ['golang:1.24-alpine', 'golang:1.24'],
    ['php:8.3-fpm-alpine', 'php:8.3-fpm'],
    ['eclipse-temurin:21-jre-alpine', 'eclipse-temurin:21-jre'],
  ] as const) {
    assert.equal(withGlibc(from), to);
    assert.ok(isMusl(from) && !isMusl(to), from);
  }
  for (const left of ['alpine:3.20', 'busybox', 'acme/web:alpine', 'python:3.12', 'python@sha256:0a'])
    assert.equal(withGlibc(left), null, left);
  for (const glibc of [
    'python:3.12',
    'acme/alpine-tools:1',
    'registry:5000/app',
    'nvidia/cuda:12.6.3-base-ubuntu24.04',
  ])
    assert.ok(!isMusl(glibc), glibc);
});

test('an older CUDA image of the same flavour and system, never a newer one or one that was not published', () => {
  for (const [ref, serves, to] of [
    ['nvidia/cuda:13.0.3-base-ubuntu24.04', '12.8', 'nvidia/cuda:12.8.1-base-ubuntu24.04'],
    ['nvcr.io/nvidia/cuda:12.6.0-runtime-ubuntu22.04', '12.4', 'nvcr.io/nvidia/cuda:12.4.1-runtime-ubuntu22.04'],
    ['nvidia/cuda:12.8.1-cudnn-devel-ubuntu22.04', '12.4', 'nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04'],
    ['nvidia/cuda:13.0.3-base-ubuntu24.04', '12.4', null],
    ['nvidia/cuda:12.6.3-cudnn-runtime-ubuntu22.04', '12.2', null],
    ['nvidia/cuda:12.4.1-base-ubuntu22.04', '12.8', null],
    ['nvidia/cuda:13.0.3-base-rockylinux9', '12.8', null],
    ['acme/cuda:13.0.3-base-ubuntu24.04', '12.8', null],
  ] as const)
    assert.equal(olderCuda(ref, serves), to, `${ref} for ${serves}`);
  assert.equal(cudaNamed('nvidia/cuda:13.0.3-base-ubuntu24.04'), '13.0');
  assert.equal(cudaNamed('acme/cuda:13.0'), null);
});

const cases: readonly (readonly [written: string, cards: readonly string[], to: string | null])[] = [
  [
    'pip install torch==2.4.1+cu121 torchvision==0.19.1+cu121 -f https://download.pytorch.org/whl/torch_stable.html',
    ['12.0'],
    'pip install torch==2.7.1+cu128 torchvision==0.22.1+cu128 -f https://download.pytorch.org/whl/torch_stable.html --extra-index-url https://download.pytorch.org/whl/cu128',
  ],
  [
    'pip3 install torch --index-url https://download.pytorch.org/whl/cu124 && pip3 install numpy',
    ['10.0'],
    'pip3 install torch --index-url https://download.pytorch.org/whl/cu128 && pip3 install numpy',
  ],
  [
    'uv pip install "torch==2.9.1" --index-url https://download.pytorch.org/whl/cu126',
    ['12.0'],
    'uv pip install "torch==2.9.1" --index-url https://download.pytorch.org/whl/cu128',
  ],
  ['pip install torch==2.8.0', ['7.0'], null],
  [
    'pip install torch==2.10.0 --index-url https://download.pytorch.org/whl/cu130',
    ['6.1'],
    'pip install torch==2.10.0 --index-url https://download.pytorch.org/whl/cu126',
  ],
  ['pip install torch==2.4.1', ['8.9'], null],
  ['pip install torch', ['12.0'], null],
  ['pip install torch==2.7.1 --index-url https://download.pytorch.org/whl/cu128', ['12.1'], null],
  ['pip install torch --index-url https://download.pytorch.org/whl/nightly/cu126', ['12.0'], null],
  ['pip install torch==2.4.1 --index-url https://download.pytorch.org/whl/cpu', ['12.0'], null],
  ['pip install torchmetrics==1.4.0 pytorch-lightning==2.4.0', ['12.0'], null],
];
for (const [written, cards, to] of cases)
  test(`${written} on ${cards.join(', ')}`, () => {
    assert.equal(lacksCode(written, cards) === null, to === null);
    assert.equal(withCode(written, cards), to ?? written);
    if (to !== null) {
      assert.equal(lacksCode(to, cards), null, 'what is offered holds the code');
      assert.equal(withCode(to, cards), to, 'a second time changes nothing');
    }
  });

test('no build holds code for the oldest and the newest card at once, so none is offered', () => {
  const written = 'pip install torch==2.4.1 --index-url https://download.pytorch.org/whl/cu121';
  assert.match(lacksCode(written, ['6.1', '12.0']) ?? '', /of 12\.0/);
  assert.equal(withCode(written, ['6.1', '12.0']), written);
  assert.equal(imageWithCode('pytorch/pytorch:2.4.1-cuda12.1-cudnn9-runtime', ['6.1', '12.0']), null);
  assert.equal(imageLacksCode('acme/pytorch:2.4.1-cuda12.1-cudnn9-runtime', ['12.0']), null);
});

test('images are asked for once each, and only of those that are wrong other tags', async () => {
  const said: string[] = [];
  const record = { id: 'x', os: 'linux', arch: 'arm64', workdir: '', env: {} };
  const ask: Asker = {
    record: async ref => {
      said.push(ref);
      return ref === 'gone:1' ? null : record;
    },
    tags: async repository => {
      said.push(`${repository}?`);
      return [`${repository}:2`, `${repository}:1`];
    },
  };
  const local = await localImages(ask, ['a:1', 'a:1', 'b:1', '', 'gone:1'], ref => ref === 'b:1');
  assert.deepEqual(said, ['a:1', 'b:1', 'b?', 'b:2', 'b:1', 'gone:1']);
  assert.deepEqual(
    local.others('b:1').map(o => o.ref),
    ['b:2'],
  );
  assert.equal(local.record('gone:1'), null);
});

test('a base that its stage holds on to, and a variable for an image, are told and left alone', async () => {
  const apk = await mend({
    finding: 'image-nvidia-smi-not-found',
    files: {
      'compose.yml': 'services:\n  a:\n    build: .\n    gpus: all\n',
      Dockerfile: 'FROM python:3.12-alpine\nRUN apk add --no-cache git\nCMD ["python"]\n',
    },
  });
  assert.deepEqual(apk.finding?.mends, []);
  for (const Dockerfile of [
    'FROM python:3.12-alpine AS base\nWORKDIR /app\nFROM base\nRUN apk add git\nCMD ["python"]\n',
    'FROM rust:1-alpine AS made\nRUN cargo build\nFROM python:3.12-alpine\nCOPY --from=made /m /m\nCMD ["/m"]\n',
  ])
    assert.deepEqual(
      (
        await mend({
          finding: 'image-nvidia-smi-not-found',
          files: { 'compose.yml': 'services:\n  a:\n    build: .\n    gpus: all\n', Dockerfile },
        })
      ).finding?.mends,
      [],
      Dockerfile,
    );
  const variable = await mend({
    finding: 'image-nvidia-smi-not-found',
    files: { 'compose.yml': `services:\n  a:\n    image: python:\${TAG:-3.12-alpine}\n    gpus: all\n` },
  });
  assert.deepEqual(variable.finding?.mends, []);
});

test('a service without a GPU may run on any image', async () => {
  for (const image of ['python:3.12-alpine', 'pytorch/pytorch:1.13.1-cuda11.6-cudnn8-runtime'])
    for (const finding of ['image-nvidia-smi-not-found', 'image-arch-not-compiled', 'image-platform-mismatch'])
      assert.equal(
        (await mend({ finding, files: { 'compose.yml': `services:\n  a:\n    image: ${image}\n` } })).finding,
        undefined,
      );
});
