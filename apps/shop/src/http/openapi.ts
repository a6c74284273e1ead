import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { readShopVersion } from '../app.version.js';

export const DOCS_PATH = 'docs';

/** Serves the API's description: for people at `/docs`, for programs at `/docs-json`. */
export function serveOpenApi(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Shop')
    .setDescription(
      'Products, stock, customers, orders and registers: the example application of nestjs-database.',
    )
    .setVersion(readShopVersion())
    .build();
  const document = SwaggerModule.createDocument(app, config);
  SwaggerModule.setup(DOCS_PATH, app, document, { customSiteTitle: 'Shop API' });
  return document;
}
