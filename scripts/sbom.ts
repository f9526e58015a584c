import { describeError } from '../e2e/cluster/describe-error.ts';
import { buildImage } from './image/build-image.ts';
import { imageSbom } from './sbom/image-sbom.ts';

/** `npm run sbom`: prints the contents of the image, Debian's packages and npm's, as CycloneDX 1.5 JSON. */
try {
  const { archive } = await buildImage((line) => {
    console.error(`sbom: ${line}`);
  });
  console.log(JSON.stringify(await imageSbom(archive), undefined, 2));
} catch (error) {
  console.error(`sbom: ${describeError(error)}`);
  process.exitCode = 1;
}
