/** Every request of a project, as a list for people and scripts. */
import { forms } from '../../../flows/requests/forms.ts';
import type { FileRequest } from '../finding.ts';
import { type Here, isRead, wayOf } from '../here.ts';
import type { Project } from './load.ts';
import { type Asked, rawDevices, requestsOf } from './requests.ts';

const worksHere = (a: Asked, here: Here): boolean | null => {
  if (a.form === 'raw') return null;
  if (a.wrong !== null || !isRead(forms[a.form], here.compose)) return false;
  return wayOf(a.form, a.cdiNames, here)?.works ?? null;
};

const gpusOf = ({ wanted }: Asked): readonly string[] =>
  wanted.which === 'all' ? ['all'] : wanted.which === 'ids' ? wanted.ids : [wanted.text];

export const listed = (project: Project, here: Here): readonly FileRequest[] =>
  [...project.services.values()].flatMap(service => {
    const raw = rawDevices(service, project.env);
    return [...requestsOf(service, project.env), ...(raw ? [raw] : [])].map(a => ({
      path: a.spot.source.path,
      ...a.spot.source.at(a.spot.node?.range?.[0] ?? 0),
      service: service.name,
      form: a.form,
      gpus: gpusOf(a),
      via: [...new Set(a.via.map(v => `${v.how} ${v.name}`))],
      works: worksHere(a, here),
    }));
  });
